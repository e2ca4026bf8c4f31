"""From sheets to events and back, without HTTP and without a database (contract, section 8, "Sheets").

- `apart`          a file read in a process of its own: start here
- `columns`        the columns of a type, out of the catalogue
- `heads`          which column of a sheet is which of the type
- `rows`           rows to drafts of events, or to what is to be mended
- `event_ids`      the ids that follow from what a row says
- `template`       the sheet to be filled in
- `results_sheet`  the sheet with what became of each row
"""
