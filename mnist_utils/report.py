"""The pages of a run: one HTML page a notebook, and an index to click through."""

from pathlib import Path
from typing import Any

from mnist_utils.results import format_interval, format_number
from mnist_utils.run_folder import write_text

TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MNIST, measured: one run</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
  table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
  th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
  td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
  .failed { color: #a33600; font-weight: 600; }
  .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1rem; }
  figure { margin: 0; border: 1px solid #ddd; padding: .5rem; }
  figure img { width: 100%; height: 12rem; object-fit: contain; }
  figcaption { font-size: .8rem; color: #555; overflow-wrap: anywhere; }
  a { color: #0072b2; }
</style>
<h1>MNIST, measured: one run</h1>
<p>{{ environment.cores }} CPU cores ({{ environment.machine }}, {{ environment.system }}),
Python {{ environment.python }}{% for name, number in environment.libraries.items() %}, {{ name }} {{ number }}{% endfor %}.</p>
<table>
<tr><th>Notebook</th><th>Files</th><th class="number">Seconds</th><th class="number">Memory</th><th>Status</th></tr>
{% for name, entry in notebooks.items() %}
<tr><td><a href="{{ name }}.html">{{ name }}</a>{% if entry.parameters %}<br><small>{{ entry.parameters }}</small>{% endif %}</td>
<td><a href="{{ name }}.ipynb">.ipynb</a></td><td class="number">{{ entry.seconds }}</td>
<td class="number">{% if entry.peak_memory %}{{ "%.1f GB" | format(entry.peak_memory / 1e9) }}{% endif %}</td>
<td>{% if entry.status == "ok" %}finished{% else %}<span class="failed">failed</span> in {{ entry.error }}{% endif %}</td></tr>
{% endfor %}
</table>
<h2>Results</h2>
<table>
<tr><th>Notebook</th><th>Result</th><th class="number">Value</th><th class="number">95% interval</th><th class="number">Over</th></tr>
{% for name, entry in notebooks.items() %}{% for result in entry.results %}
<tr><td>{{ name[:2] }}</td><td>{{ result.name }}</td>
<td class="number">{{ number(result.value, result.unit, result.digits) }}</td>
<td class="number">{% if result.interval %}{{ interval(result.interval, result.unit, result.digits) }}{% endif %}</td>
<td class="number">{% if result.n %}{{ "{:,}".format(result.n) }} {{ result.over }}{% endif %}</td></tr>
{% endfor %}{% endfor %}
</table>
<h2>Figures</h2>
<div class="figures">
{% for name, entry in notebooks.items() %}{% for figure in entry.figures %}
<figure><a href="figures/{{ figure.name }}.png"><img src="figures/{{ figure.name }}.png" alt="{{ figure.alt }}" loading="lazy"></a>
<figcaption><b>{{ figure.name }}</b> ({{ name[:2] }})<br>{{ figure.alt }}</figcaption></figure>
{% endfor %}{% endfor %}
</div>
</html>
"""

# nbconvert's own page, but with the alt text that `results.show` attaches.
PAGE = """{% extends "lab/index.html.j2" %}
{% block data_png scoped %}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/png;base64,{{ output.data["image/png"] | escape_html }}"
alt="{{ output | get_metadata("alt", "image/png") | escape_html }}">
</div>
{% endblock data_png %}
"""


def write_pages(results: dict[str, Any], output: Path) -> None:
    """Write index.html, and NN_name.html for each executed notebook that has none or a newer one.

    Args:
        results: as in results.json: "environment", and "notebooks" by name.
        output: the run's folder, which holds the executed notebooks and figures/.
    """
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(TEMPLATE)
    for name in results["notebooks"]:
        _write_page(output / f"{name}.ipynb", output / f"{name}.html")
    page = template.render(**results, number=format_number, interval=format_interval)
    write_text(output / "index.html", page)


def _write_page(notebook: Path, page: Path) -> None:
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter

    if page.is_file() and page.stat().st_mtime >= notebook.stat().st_mtime:
        return
    exporter = HTMLExporter(template_file="page.j2", extra_loaders=[DictLoader({"page.j2": PAGE})])
    html, _ = exporter.from_filename(str(notebook))
    write_text(page, html)
