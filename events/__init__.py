"""The contract as code, and nothing else: pure, no I/O, no server library (contract, section 1).

- `codec`          messages to events and back; start here
- `catalogue`      every type of event in one table
- `contributions`  what an event adds to the figures
- `data`           the fields of each type
- `vocabulary`     codes, outcomes, reasons
- `words`          what Vietnamese reports call them
- `schemas`        JSON Schemas and AsyncAPI made from the catalogue
"""
