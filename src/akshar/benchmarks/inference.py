"""How fast a network answers, one image at a time and in batches: eager, compiled, and in ONNX Runtime."""

import copy
import math
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from akshar.benchmarks.measured import Measured, OnProgress, measure, no_progress, rate
from akshar.benchmarks.roofline import wait
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import first_line

HEIGHT, WIDTH = INPUT_SPEC.height, INPUT_SPEC.width

MANY = 1024  # images per batch
EAGER, COMPILED, ONNX = "eager", "torch.compile", "ONNX Runtime"
Forward = Callable[[Tensor], object]


def measure_inference(
    net: nn.Module,
    device: torch.device,
    seconds: float,
    rounds: int,
    compiled: bool,
    on_progress: OnProgress = no_progress,
    budget_s: float = math.inf,
) -> tuple[dict[str, dict[str, Measured]], list[str]]:
    """Latency of one image and throughput of a batch, in float32, for each runtime installed here.

    Args:
        net: float (B, 1, 32, 32) -> logits.
        device: where it runs; ONNX Runtime runs on the CPU.
        seconds: the shortest time of one turn.
        rounds: number of rounds.
        compiled: whether to measure torch.compile, which takes up to a minute to start.
        on_progress: called with what is being measured.
        budget_s: seconds for each of the two comparisons, see `measure`.

    Returns:
        The figures by "one image" and "1,024 images", and notes on them.
    """
    net = net.eval().to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    runtimes: dict[str, Forward] = {EAGER: net}
    notes: list[str] = []
    inputs = {count: torch.rand(count, 1, HEIGHT, WIDTH, device=device) * 2 - 1 for count in (1, MANY)}
    with torch.inference_mode():
        if compiled:
            on_progress(f"{COMPILED}: compiling")
            _add_compiled(net, inputs, runtimes, notes)
        on_progress(f"{ONNX}: exporting")
        _add_onnx(net, runtimes, notes)

        def images_per_second(forward: Forward, count: int) -> float:
            def work() -> int:
                forward(inputs[count])
                wait(device)
                return count

            return rate(work, seconds)

        latency = {
            name: partial(lambda run: 1000 / images_per_second(run, 1), run) for name, run in runtimes.items()
        }
        throughput = {name: partial(images_per_second, run, MANY) for name, run in runtimes.items()}
        one = measure(latency, "ms", rounds, on_progress, budget_s)
        many = measure(throughput, "images/s", rounds, on_progress, budget_s)
    return {"one image": one, f"{MANY:,} images": many}, notes


def _add_compiled(
    net: nn.Module, inputs: dict[int, Tensor], runtimes: dict[str, Forward], notes: list[str]
) -> None:
    forward = torch.compile(net)
    start = time.perf_counter()
    try:
        for images in inputs.values():
            forward(images)
    except Exception as error:  # no C++ compiler, or a net that cannot be compiled
        reason = first_line(error)
        notes.append(f"{COMPILED}: not measured ({type(error).__name__}: {reason[:100]})")
        return
    notes.append(f"{COMPILED}: {time.perf_counter() - start:.0f} s of compiling are not counted")
    runtimes[COMPILED] = forward


def _add_onnx(net: nn.Module, runtimes: dict[str, Forward], notes: list[str]) -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        notes.append(f"{ONNX}: not measured, {', '.join(missing)} not installed: pip install 'akshar[export]'")
        return
    import onnxruntime

    from akshar.reader.export.onnx import graph_of

    graph = graph_of(copy.deepcopy(net).to("cpu"), torch.zeros(2, 1, HEIGHT, WIDTH), "images", "logits")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
    runtimes[ONNX] = lambda images: session.run(None, {"images": images.cpu().numpy()})
