"""How fast a network answers: one image at a time, and many; as it is, compiled, and through ONNX Runtime."""

import copy
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from akshar.benchmarks.measured import Measured, Told, measure, rate
from akshar.benchmarks.roofline import wait
from akshar.pictures.frame import SIDE

MANY = 1024  # images a batch
EAGER, COMPILED, ONNX = "eager", "torch.compile", "ONNX Runtime"
Forward = Callable[[Tensor], object]


def measure_inference(
    net: nn.Module, device: torch.device, seconds: float, rounds: int, compiled: bool, tell: Told
) -> tuple[dict[str, dict[str, Measured]], list[str]]:
    """Latency of one image and throughput of many, float32, for each way there is here.

    Args:
        net: float (B, 1, 32, 32) -> logits.
        device: where it runs; ONNX Runtime runs on the CPU.
        seconds: a round takes at least so long.
        rounds: of each.
        compiled: whether to measure torch.compile, which takes up to a minute to begin.
        tell: called with what is measured.

    Returns:
        The figures by "one image" and "1,024 images"; what is to be said of them.
    """
    net = net.eval().to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    ways: dict[str, Forward] = {EAGER: net}
    notes: list[str] = []
    inputs = {count: torch.rand(count, 1, SIDE, SIDE, device=device) * 2 - 1 for count in (1, MANY)}
    with torch.inference_mode():
        if compiled:
            tell(f"{COMPILED}: compiling")
            _add_compiled(net, inputs, ways, notes)
        _add_onnx(net, ways, notes)

        def answers(forward: Forward, count: int) -> float:
            def work() -> int:
                forward(inputs[count])
                wait(device)
                return count

            return rate(work, seconds)

        latency = {way: partial(lambda forward: 1000 / answers(forward, 1), ways[way]) for way in ways}
        one = measure(latency, "ms", rounds, tell)
        many = measure({way: partial(answers, ways[way], MANY) for way in ways}, "images/s", rounds, tell)
    return {"one image": one, f"{MANY:,} images": many}, notes


def _add_compiled(net: nn.Module, inputs: dict[int, Tensor], ways: dict[str, Forward], notes: list[str]) -> None:
    forward = torch.compile(net)
    start = time.perf_counter()
    try:
        for images in inputs.values():
            forward(images)
    except Exception as error:  # no C++ compiler, or a net that it cannot take
        reason = str(error).strip().splitlines()[0]
        notes.append(f"{COMPILED}: not measured ({type(error).__name__}: {reason[:100]})")
        return
    notes.append(f"{COMPILED}: {time.perf_counter() - start:.0f} s of compiling stand apart")
    ways[COMPILED] = forward


def _add_onnx(net: nn.Module, ways: dict[str, Forward], notes: list[str]) -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        notes.append(f"{ONNX}: not measured, {', '.join(missing)} not installed: pip install 'akshar[export]'")
        return
    import onnxruntime

    from akshar.reader.export.onnx import graph_of

    graph = graph_of(copy.deepcopy(net).to("cpu"), torch.zeros(2, 1, SIDE, SIDE), "images", "logits")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
    ways[ONNX] = lambda images: session.run(None, {"images": images.cpu().numpy()})
