"""The contract as code, and nothing else: pure, no I/O, no server library (contract, section 1).

- `codec`          messages to events and back; start here
- `catalogue`      every type of event in one table
- `derived`        what an event adds to the figures; the units and the day by which it is judged
- `data`           the fields of each type
- `vocabulary`     codes, outcomes, reasons
- `words`          what Vietnamese reports call them
- `schemas`        JSON Schemas and AsyncAPI made from the catalogue
"""
