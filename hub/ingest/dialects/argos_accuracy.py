"""How accurate an Argos location is: its error ellipse, its error radius, or what is known of its class."""

from __future__ import annotations

from typing import NamedTuple

from hub.ingest.dialects.table_rows import Attributes, Cells, NumberColumn, Table
from hub.records.observation import ErrorEllipse

# Radius in metres that holds about 68 % of the errors of a class. G, 3, 2, 1: upper bound that CLS states (Argos User's
# Manual, chapter 3.4, "one standard deviation"). 0, A, B: CLS states no upper bound; 68th percentile measured on free
# animals against GPS by Costa et al. 2010 (PLoS ONE 5:e8677). Z, a location that CLS calls invalid: as B, as the R
# package aniMotum assumes.
CLASS_RADIUS_M = {
    "G": 100.0,
    "3": 250.0,
    "2": 500.0,
    "1": 1_500.0,
    "0": 4_180.0,
    "A": 6_190.0,
    "B": 10_280.0,
    "Z": 10_280.0,
}


class Accuracy(NamedTuple):
    """The error radius only where there is no ellipse."""

    uncertainty_m: float | None
    ellipse: ErrorEllipse | None


class AccuracyColumns(NamedTuple):
    """Where a table states the error radius (m), half axes (m) and orientation (degrees from north)."""

    radius: NumberColumn
    major: NumberColumn
    minor: NumberColumn
    orientation: NumberColumn

    @classmethod
    def of(cls, table: Table, *names: tuple[str, ...]) -> AccuracyColumns:
        """From the names that the four columns may have."""
        *metres, orientation = names
        radius, major, minor = (table.number(*keys, low=0) for keys in metres)
        return cls(radius, major, minor, table.number(*orientation, low=0, high=360))

    @property
    def used(self) -> tuple[int | None, ...]:
        """Columns that make the ellipse (the radius stays among the attributes)."""
        return self.major.column, self.minor.column, self.orientation.column

    def read(self, cells: Cells, location_class: str, attributes: Attributes) -> Accuracy:
        """The ellipse as stated; else the radius; else the class. CLS writes 0 where it has none."""
        major = self.major.spare(cells, attributes)
        minor = self.minor.spare(cells, attributes)
        orientation = self.orientation.spare(cells, attributes)
        if major and minor and orientation is not None:
            return Accuracy(None, ErrorEllipse(semi_major_m=major, semi_minor_m=minor, orientation_deg=orientation))
        for column in (self.major, self.minor, self.orientation):
            if column.column is not None and column.given(cells):
                attributes[column.name] = cells[column.column]
        radius = self.radius.spare(cells, attributes)
        return Accuracy(radius or CLASS_RADIUS_M.get(location_class), None)
