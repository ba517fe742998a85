"""The same run on a Dask cluster of two worker processes gives the same verdicts."""

from __future__ import annotations

import pytest
from distributed import LocalCluster

from derivations import schedule
from derivations.schedule import Finished


def verdicts(finished: list[Finished]) -> dict[tuple[str, int], object]:
    return {(f.task.cell, f.task.steps): (f.proved, f.refused) for f in finished}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning")
def test_a_named_scheduler_takes_the_work() -> None:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        spread = list(schedule.run(schedule.tasks(["rnn"], ["rnn"]), scheduler=cluster.scheduler_address))
    here = [schedule.run_task(task) for task in schedule.tasks(["rnn"], ["rnn"])]
    assert verdicts(spread) == verdicts(here)
    assert any(f.refused for f in spread)
