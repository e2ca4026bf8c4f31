"""Pages: HTML drawn out of the answers of `/v1`, asked as the browser itself would ask them (decision 0050)."""
