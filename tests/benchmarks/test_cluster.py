"""The simulated cluster takes as long as can be worked out by hand."""

import pytest

from benchmarks.parts.cluster import SimulatedCluster, SimulatedTask, simulate


def test_one_slot_takes_the_sum() -> None:
    tasks = [SimulatedTask(seconds) for seconds in (3, 5, 2)]
    outcome = simulate(tasks, SimulatedCluster(1, 1))
    assert outcome.seconds == pytest.approx(10)
    assert outcome.slot_seconds == pytest.approx(10)
    assert (outcome.done, outcome.repeated) == (3, 0)


@pytest.mark.parametrize(("nodes", "slots", "rounds"), [(1, 8, 4), (8, 1, 4), (5, 2, 3), (8, 8, 1)])
def test_equal_tasks_take_whole_rounds(nodes: int, slots: int, rounds: int) -> None:
    outcome = simulate([SimulatedTask(60)] * 29, SimulatedCluster(nodes, slots))
    assert outcome.seconds == pytest.approx(60 * rounds)


def test_the_order_is_kept_and_the_longest_task_at_the_end_is_waited_for() -> None:
    short, long = [SimulatedTask(1)] * 4, [SimulatedTask(10)]
    assert simulate(short + long, SimulatedCluster(1, 2)).seconds == pytest.approx(12)
    assert simulate(long + short, SimulatedCluster(1, 2)).seconds == pytest.approx(10)


def test_what_comes_before_the_first_task_is_added() -> None:
    """Prepare 100 s; 10 GB to each of 4 nodes at 2 GB/s together, 20 s; a worker's 5 s beside."""
    cluster = SimulatedCluster(4, 2, link_gb_s=2, data_gb=10, prepare_seconds=100, start_seconds=5)
    assert simulate([SimulatedTask(7)] * 8, cluster).seconds == pytest.approx(100 + 20 + 7)
    # The second task of a slot finds data and worker there.
    assert simulate([SimulatedTask(7)] * 16, cluster).seconds == pytest.approx(100 + 20 + 14)
    quick = SimulatedCluster(1, 1, link_gb_s=10, data_gb=10, start_seconds=5)
    assert simulate([SimulatedTask(7)], quick).seconds == pytest.approx(5 + 7)


def test_the_storage_is_divided_evenly() -> None:
    """40 tasks of 3 GB each at 2 GB/s: 60 s however many work, as no task waits for its slot."""
    tasks = [SimulatedTask(0.1, reads_gb=3)] * 40
    for nodes in (1, 4, 20):
        cluster = SimulatedCluster(nodes, 2, storage_gb_s=2)
        assert simulate(tasks, cluster).seconds == pytest.approx(60)
    # Two at once of 1 and 3 GB at 1 GB/s: the first has its own at 2 s, the second at 4 s.
    unlike = [SimulatedTask(0.1, reads_gb=1), SimulatedTask(0.1, reads_gb=3)]
    assert simulate(unlike, SimulatedCluster(1, 2, storage_gb_s=1)).seconds == pytest.approx(4)


def test_cores_are_those_of_a_node_and_a_task_uses_no_more_than_its_readers() -> None:
    tasks = [SimulatedTask(1, core_seconds=12)] * 4
    alone = SimulatedCluster(1, 1, cores=8, readers=2)
    assert simulate(tasks, alone).seconds == pytest.approx(4 * 6)
    crowded = SimulatedCluster(1, 4, cores=4, readers=2)
    assert simulate(tasks, crowded).seconds == pytest.approx(12)
    apart = SimulatedCluster(2, 2, cores=4, readers=2)
    assert simulate(tasks, apart).seconds == pytest.approx(6)


def test_the_head_hands_out_one_task_after_another_and_takes_results() -> None:
    cluster = SimulatedCluster(1, 100, hand_out_seconds=0.5)
    assert simulate([SimulatedTask(10)] * 100, cluster).seconds == pytest.approx(50 + 10)
    results = [SimulatedTask(1, result_gb=1)] * 4
    assert simulate(results, SimulatedCluster(4, 1, link_gb_s=2)).seconds == pytest.approx(3)


def test_a_failure_repeats_its_task_alone() -> None:
    """Two nodes, four tasks of 10 s. The second node is gone at 4 s: the other does what is left.

    It ends its first at 10 s, then does the lost one and the two others.
    """
    outcome = simulate([SimulatedTask(10)] * 4, SimulatedCluster(2, 1), [(4, 1)])
    assert (outcome.done, outcome.repeated) == (4, 1)
    assert outcome.seconds == pytest.approx(40)
    assert outcome.slot_seconds == pytest.approx(44)


def test_a_node_that_is_back_starts_its_worker_and_fetches_the_data_again() -> None:
    """Data in 2 s and worker in 1 s: 10 s of work until 12. Gone at 4 s, back at 9, 11 + 10 s."""
    cluster = SimulatedCluster(1, 1, link_gb_s=1, data_gb=2, start_seconds=1, repair_seconds=5)
    outcome = simulate([SimulatedTask(10)], cluster, [(4, 0)])
    assert (outcome.done, outcome.repeated) == (1, 1)
    assert outcome.seconds == pytest.approx(9 + 2 + 10)


def test_what_a_lost_task_read_is_given_to_others() -> None:
    """Two of 10 GB at 1 GB/s; one goes at 4 s, having had 2 GB: the other needs 8 s more alone."""
    tasks = [SimulatedTask(1, reads_gb=10), SimulatedTask(1, reads_gb=10)]
    cluster = SimulatedCluster(2, 1, storage_gb_s=1)
    outcome = simulate(tasks, cluster, [(4, 1)])
    assert outcome.seconds == pytest.approx(12 + 10)


def test_no_node_is_left() -> None:
    with pytest.raises(RuntimeError, match="tasks are left"):
        simulate([SimulatedTask(10)], SimulatedCluster(1, 1), [(1, 0)])
