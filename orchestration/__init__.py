"""The stations of a night and what schedules them."""
