"""Only a whole, clean and undamaged run becomes the series' stored outputs."""

import nbformat
import pytest
import store
from nbformat.v4 import new_code_cell, new_notebook

from mnist_utils.run_folder import entry_sum, write_results


@pytest.fixture
def run(tmp_path):
    """A series of one notebook, and what a run of it has left; keep(…) changes its entry."""
    sources, folder = tmp_path / "notebooks", tmp_path / "run"
    for place in (sources, folder):
        place.mkdir()
        nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), place / "01_a.ipynb")

    def keep(**changes):
        entry = {"status": "ok", "parameters": {}, "results": [], "figures": []} | changes
        entry["sum"] = entry_sum(entry, folder / "01_a.ipynb")
        write_results({"environment": {"cores": 2}, "notebooks": {"01_a": entry}}, folder)
        return entry

    return sources, folder, keep


def test_a_clean_run_is_taken(run):
    sources, folder, keep = run
    entry = keep()
    found = store.load_run(folder, sources)
    assert found == {"environment": {"cores": 2}, "notebooks": {"01_a": entry}}


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"parameters": {"EPOCHS": 1}}])
def test_a_failed_or_shortened_run_is_not(run, changes):
    sources, folder, keep = run
    keep(**changes)
    with pytest.raises(SystemExit, match="01_a: no finished run with default parameters"):
        store.load_run(folder, sources)


def test_a_notebook_edited_since_or_damaged_is_not(run, capsys):
    sources, folder, keep = run
    keep()
    with (folder / "01_a.ipynb").open("a") as file:
        file.write("\n")
    with pytest.raises(SystemExit, match="01_a: no finished run"):
        store.load_run(folder, sources)
    assert "no longer fit its files" in capsys.readouterr().out
    keep()
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 2")]), sources / "01_a.ipynb")
    with pytest.raises(SystemExit, match="01_a was edited after its run"):
        store.load_run(folder, sources)
    (folder / "results.json").unlink()
    with pytest.raises(SystemExit, match="01_a: no finished run"):
        store.load_run(folder, sources)
