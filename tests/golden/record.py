"""`python -m tests.golden.record` writes down what every notice reads like now; the difference is for reviewers."""

import catalogue
from tests.golden import FOLDER, LOCALES, reading

for locale in LOCALES:
    sections = [reading(notice, locale) for _, notice in sorted(catalogue.load().items())]
    head = f"# Every notice in `{locale}`\n\nWritten by `python -m tests.golden.record`.\n"
    (FOLDER / f"{locale}.md").write_text("\n".join([head, *sections]), "utf-8")
