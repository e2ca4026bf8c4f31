"""Official forms: what a line of one counts is data, how a form is filled in are pure functions (domain: Forms)."""
