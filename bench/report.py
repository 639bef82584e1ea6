"""How long the monthly report takes, and a scrape of the metrics, and how much memory the report needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from bench.lists import TYPES
from identity_bot.store.gauges import gauges
from identity_bot.store.store import Store

_MEASURED = """
import resource, sys, time
from identity_bot.report.charts import png
from identity_bot.report.month import Month
from identity_bot.report.page import page
from identity_bot.store.reported import count_month
from identity_bot.store.store import Store
from identity_bot.tickets.business_time import BusinessHours
store = Store(sys.argv[1])
began = time.perf_counter()
figures = count_month(store, Month.at(store.clock()), BusinessHours())
counted = time.perf_counter()
page(figures), png(figures)
print(counted - began, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def report(url: str) -> Mapping[str, float]:
    """Seconds to count and to do all, and the peak of its memory in MB, in a process of its own."""
    run = subprocess.run([sys.executable, "-c", _MEASURED, url], check=True, capture_output=True, text=True)
    counted, everything, memory = map(float, run.stdout.split())
    return {"count": counted, "all": everything, "MB": memory}


def scrape(store: Store, times: int) -> float:
    """Median milliseconds to count what a monitor watches."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        gauges(store, TYPES)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
