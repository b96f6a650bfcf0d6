"""One file a figure or table, each with an `ITEM`; a new file is found without being registered anywhere."""
