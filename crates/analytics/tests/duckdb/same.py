"""A cell in the form in which answers of two engines are compared: floats to nine digits."""
import datetime as dt


def cell(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
