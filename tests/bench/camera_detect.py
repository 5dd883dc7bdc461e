"""Pictures a second of one core, from bytes to boxes, beside the sum of its parts that nobody can leave out.

The parts are OpenCV's decoder at the size that is used, and onnxruntime on a tensor that is ready; both are timed in
the same run, in turns with the whole. The whole is that of the process which looks at pictures: header, EXIF, decoding,
orientation, letterbox, network, decoder, suppression; then the same through its pipe, the hub's part included.
Processor time of one thread, the least of the repeats for each picture, then the mean over pictures.

Pictures and model are third-party: ../shared (or --shared DIR). Where they are absent, it says so.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

from fusion.camera.model import Model
from fusion.camera.preprocess import fit_picture, tensor
from hub.see.fetching import fetch
from hub.see.folder import read_folder
from hub.see.looking import Looking
from hub.see.pixels import read_picture
from hub.see.registry import Models
from hub.see.worker import look

FOLDERS = ("camtrapdp-burst", "ena24", "speciesnet")
REPOSITORY = Path(__file__).resolve().parents[2]
REDUCED = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}


def spent(work: Any) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1e3


def measured(model: Model, files: list[bytes], repeat: int) -> dict[str, Any]:
    """Milliseconds of the whole and of its parts, in turns."""
    whole, decode, full, infer, ratios = [], [], [], [], []
    for data in files:
        picture = read_picture(data, model.manifest.input)
        longest = max(picture.width_px, picture.height_px)
        shrink = max(1, round(longest / max(picture.pixels.shape[:2])))
        values = tensor(fit_picture(picture.pixels, model.manifest.input)[0], model.manifest.input)
        buffer = np.frombuffer(data, np.uint8)
        least = [1e9] * 4
        for _ in range(repeat):
            turn = [
                spent(work)
                for work in (
                    lambda data=data: look(data, model),
                    lambda buffer=buffer, shrink=shrink: cv2.imdecode(buffer, REDUCED[shrink]),
                    lambda buffer=buffer: cv2.imdecode(buffer, cv2.IMREAD_COLOR),
                    lambda values=values: model.infer(values),
                )
            ]
            least = [min(pair) for pair in zip(least, turn, strict=True)]
            # Whole and parts of one turn meet the same load: their ratio moves less than any of them.
            ratios.append(turn[0] / (turn[1] + turn[3]))
        for times, one in zip((whole, decode, full, infer), least, strict=True):
            times.append(one)
    ms, parts = statistics.mean(whole), statistics.mean(decode) + statistics.mean(infer)
    return {
        "whole_ms": round(ms, 2),
        "decode_ms": round(statistics.mean(decode), 2),
        "decode_full_size_ms": round(statistics.mean(full), 2),
        "onnxruntime_ms": round(statistics.mean(infer), 2),
        "pictures_per_s": round(1_000 / ms, 1),
        "pictures_per_s_of_the_parts": round(1_000 / parts, 1),
        "ratio_of_the_least": round(ms / parts, 3),
        "ratio": round(statistics.median(ratios), 3),
    }


def through_the_pipe(folder: Path, files: list[bytes], rounds: int) -> dict[str, Any]:
    """The same by the process beside the hub: processor time of both, per picture."""
    with Looking(folder) as looking:
        looking.look(files[0])
        assert looking._process is not None
        child = psutil.Process(looking._process.pid)
        best = (1e9, 1e9)
        for _ in range(rounds):
            begin, before = time.process_time(), sum(child.cpu_times()[:2])
            for data in files:
                looking.look(data)
            theirs = (sum(child.cpu_times()[:2]) - before) * 1e3 / len(files)
            ours = (time.process_time() - begin) * 1e3 / len(files)
            best = min(best, (theirs + ours, ours))
        return {
            "ms": round(best[0], 2),
            "of_it_in_the_hub_ms": round(best[1], 2),
            "pictures_per_s": round(1_000 / best[0], 1),
            "memory_mb": looking.memory_mb,
            "deaths": looking.deaths,
        }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="a smoke test")
    arguments.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared")
    arguments.add_argument("--repeat", type=int, default=7)
    asked = arguments.parse_args()
    model = asked.shared / "models" / "yolox_nano.onnx"
    paths = [path for one in FOLDERS for path in sorted((asked.shared / "images" / one).glob("*.*"))]
    if not model.is_file() or not paths:
        print(json.dumps({"pictures": "absent"}))
        return
    cv2.setNumThreads(1)
    everything = [path.read_bytes() for path in paths]
    # Those that a camera sends; what is cut off or CMYK takes another way.
    usual = [data for path, data in zip(paths, everything, strict=True) if "cmyk" not in path.stem]
    usual = [data for data in usual if read_picture(data).rows_kept == 1.0]
    usual = usual[:3] if asked.quick else usual
    repeat = 2 if asked.quick else asked.repeat
    answer: dict[str, Any] = {"pictures": len(usual), "mean_bytes": round(statistics.mean(map(len, usual)))}
    with tempfile.TemporaryDirectory() as state:
        models = Models(Path(state))
        fetch(models, "yolox-nano", source=model, sha256="", labels=None)
        folder = models.folder_of("yolox-nano")
        manifest, data = read_folder(folder)
        answer["model"] = f"{manifest.id} {manifest.version}"
        answer["in_one_process"] = measured(Model(manifest, data), usual, repeat)
        answer["through_the_pipe"] = through_the_pipe(folder, usual, repeat)
    answer["goals"] = {"pictures_per_s": 25, "ratio": 1.11}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
