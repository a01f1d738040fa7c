"""Which units a disposal takes: the names of the methods."""

from enum import StrEnum


class Method(StrEnum):
    """How disposals are matched with what was acquired."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"  # highest basis a unit first, fees included
    LOFO = "lofo"  # lowest basis a unit first
    SPECIFIC = "specific"  # each disposal says which lots; where it does not, first in first out
    AVERAGE = "average"  # one pool, each unit at its average cost then: ACB, moving average
    TOTAL_AVERAGE = "total_average"  # one average for all of a tax year
    SECTION_104 = "section_104"  # same day, 30 days after, then the pool
    SECTION_104_COMPANY = "section_104_company"  # same day, 9 days before, then the pool
    PORTFOLIO = "portfolio"  # a share of what the whole portfolio cost


LOT_METHODS = frozenset({Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC})
