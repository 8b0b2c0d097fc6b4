"""What is written by a test and then held against it: `BLESS=1` writes, anything else compares."""
import os


def file(path, text):
    text = text.rstrip("\n") + "\n"
    if os.environ.get("BLESS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, f"{path.name}: see BLESS"


def folder(path, texts):
    """The folder has these files and no others."""
    if os.environ.get("BLESS"):
        for old in path.glob("*"):
            if old.name not in texts:
                old.unlink()
    for name, text in texts.items():
        file(path / name, text)
    assert {found.name for found in path.glob("*")} == set(texts), f"{path.name}: a file too many"
