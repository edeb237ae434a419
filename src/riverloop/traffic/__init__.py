"""Real passengers of control points, day by day, as their authorities publish them."""

from riverloop.traffic.daily import BOTH, BY, TOTAL, By, Coverage, DailyTraffic, Statistic
from riverloop.traffic.importing import Done, WrongRowsError, traffic_import, traffic_package
from riverloop.traffic.reading import Imported, read_csv
from riverloop.traffic.refusals import TrafficError
from riverloop.traffic.stored import FOLDER_NAME

__all__ = [
    "BOTH",
    "BY",
    "FOLDER_NAME",
    "TOTAL",
    "By",
    "Coverage",
    "DailyTraffic",
    "Done",
    "Imported",
    "Statistic",
    "TrafficError",
    "WrongRowsError",
    "read_csv",
    "traffic_import",
    "traffic_package",
]
