"""Files that people take home, written from answers as tables; every form in one place (contract §9, `format`)."""
