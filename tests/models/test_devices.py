"""What the machine says about itself."""

import threading

import torch

from models import devices
from worlds.given_up import give_up


def test_the_machine_has_cores_and_more_memory_than_is_free():
    machine = devices.machine()

    assert machine.cores >= 1
    assert 0 < machine.memory_free_mb <= machine.memory_total_mb
    assert machine.gpu_memory_free_mb <= machine.gpu_memory_total_mb
    assert machine.device_name


def test_the_device_can_be_named_from_outside(monkeypatch):
    monkeypatch.setenv("ORRERY_DEVICE", "cpu")

    assert devices.best_device() == "cpu"


def test_models_may_take_sixty_percent_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.setattr(devices, "total_and_free_mb", lambda device: (1_000, 900))
    assert devices.model_limit_mb("cpu") == 600

    monkeypatch.setenv("ORRERY_MODEL_MEMORY_MB", "250")
    assert devices.model_limit_mb("cpu") == 250

    monkeypatch.setenv("ORRERY_MODEL_MEMORY_MB", "plenty")
    assert devices.model_limit_mb("cpu") == 600


def test_a_container_counts_its_own_memory_not_its_hosts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("50000000\n")
    (tmp_path / "memory.current").write_text("40000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 15000000\n")
    monkeypatch.setattr(devices, "_CGROUP", tmp_path)

    assert devices.total_and_free_mb("cpu") == (50, 25)


def test_tiny_models_get_one_thread_and_others_keep_theirs():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with devices.threads_for(200_000):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with devices.threads_for(devices.TINY):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_thread_that_replaces_one_that_was_given_up_gets_its_threads_back():
    before = torch.get_num_threads()
    inside, go_on, seen = threading.Event(), threading.Event(), []

    def hang():
        torch.set_num_threads(3)
        with devices.threads_for(1):
            inside.set()
            go_on.wait()

    def replace():
        with devices.threads_for(devices.TINY):
            seen.append(torch.get_num_threads())

    hung = threading.Thread(target=hang)
    hung.start()
    inside.wait()
    try:
        give_up(hung)
        replacement = threading.Thread(target=replace)
        replacement.start()
        replacement.join()
    finally:
        go_on.set()
        hung.join()
        torch.set_num_threads(before)

    assert seen == [3]


def test_a_thread_that_starts_while_another_is_inside_gets_all_threads():
    before = torch.get_num_threads()
    inside, go_on, seen = threading.Event(), threading.Event(), []

    def train():
        torch.set_num_threads(3)
        with devices.threads_for(1):
            inside.set()
            go_on.wait()

    def answer():
        with devices.threads_for(devices.TINY):
            seen.append(torch.get_num_threads())

    training = threading.Thread(target=train)
    training.start()
    inside.wait()
    try:
        answering = threading.Thread(target=answer)
        answering.start()
        answering.join()
    finally:
        go_on.set()
        training.join()
        torch.set_num_threads(before)

    assert seen == [3]
