"""Cost of the live graph: a block lasts 16 ms, and the player's queue 90 ms."""

import pytest

from workbench.engine.graph import LiveGraph
from workbench.engine.player import BLOCK_SAMPLES
from workbench.engine.render import render_scene
from workbench.engine.scene import demo_scenes_by_id, load_scene


@pytest.fixture(scope="module")
def demo():
    return load_scene(demo_scenes_by_id()["street"])


@pytest.fixture
def graph(demo):
    graph = LiveGraph(demo)
    graph.loop = (0, demo.duration_samples)
    return graph


def test_a_block(benchmark, graph):
    benchmark(graph.process, BLOCK_SAMPLES)


def test_a_seek(benchmark, graph, demo):
    def seek():
        graph.seek(demo.duration_samples // 2, cut=True)
        graph.process(BLOCK_SAMPLES)

    benchmark(seek)


def test_a_move_of_the_snr_slider(benchmark, graph):
    benchmark(setattr, graph, "snr_db", 3.0)


def test_making_a_graph(benchmark, demo):
    benchmark(LiveGraph, demo)


def test_rendering_the_demo(benchmark, demo):
    benchmark(render_scene, demo)
