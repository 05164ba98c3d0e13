"""What happens to files, as a strategy of Hypothesis."""

from hypothesis import strategies as st


@st.composite
def damaged(draw, wholes):
    """One of the given contents after one to three of the things that happen to files."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(1, 40))
        deed = draw(st.sampled_from(["flip", "set", "cut", "insert", "remove", "repeat", "zero"]))
        if deed == "flip" and content:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif deed == "set" and content:
            content[place] = draw(st.integers(0, 255))
        elif deed == "cut":
            del content[place:]
        elif deed == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=length))
        elif deed == "remove":
            del content[place : place + length]
        elif deed == "repeat":
            content[place:place] = content[place : place + length]
        elif content:
            content[place : place + length] = bytes(len(content[place : place + length]))
    return bytes(content)
