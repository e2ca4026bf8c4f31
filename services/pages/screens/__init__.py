"""The screens, a file each; what stands in this folder is found and served (`services.pages.mounting`)."""
