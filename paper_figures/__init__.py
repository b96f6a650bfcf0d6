"""Figures and tables of papers, made from committed rows: `make figures`, or `python -m paper_figures`."""
