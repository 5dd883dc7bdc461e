"""One loaded model: a picture in, what it shows out."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from fusion.camera.decoders import Numbers, decode_boxes, decode_embedding, decode_probabilities
from fusion.camera.detections import Classification, Detection, classifications, detections
from fusion.camera.manifest import Input, ManifestError, ModelManifest
from fusion.camera.preprocess import Fit, Pixels, fit_picture, tensor

DTYPES = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}
GREY = 114


class Model:
    """A session of onnxruntime on the processor. Calls may come from several threads; the session releases the GIL.

    Loading checks the bytes, the names and ranks of what goes in and comes out, and the count of labels, by looking at
    an even grey. Raises ManifestError. Load what you do not know in a process with a limit on its memory.
    """

    def __init__(self, manifest: ModelManifest, model: bytes) -> None:
        if (found := hashlib.sha256(model).hexdigest()) != manifest.sha256:
            raise ManifestError(f"model.sha256: the model's bytes have {found}, the manifest names {manifest.sha256}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = manifest.runtime.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # A thread that spins takes the other core from whoever could use it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except MemoryError:
            raise
        except Exception as error:
            raise ManifestError(f"model.file: onnxruntime cannot load it: {str(error)[:300]}") from error
        self.manifest = manifest
        self._names = _check_graph(manifest, self._session)
        self._see_grey()

    def detect(self, picture: Pixels) -> list[Detection]:
        """RGB u1[height, width, 3] -> boxes in its pixels, the most probable first."""
        outputs, fit = self._run(picture, "detect")
        boxes, scores = decode_boxes(self.manifest, outputs)
        return detections(self.manifest, boxes, scores, fit)

    def classify(self, picture: Pixels) -> list[Classification]:
        """RGB u1[height, width, 3] -> what it shows, the most probable first."""
        outputs, _ = self._run(picture, "classify")
        return classifications(self.manifest, decode_probabilities(self.manifest, outputs))

    def embed(self, picture: Pixels) -> NDArray[np.float32]:
        """RGB u1[height, width, 3] -> f4[size] of length 1: pictures of one kind are near each other."""
        outputs, _ = self._run(picture, "embed")
        return decode_embedding(self.manifest, outputs)

    def _run(self, picture: Pixels, task: str) -> tuple[list[Numbers], Fit]:
        if self.manifest.task != task:
            raise ValueError(f"model {self.manifest.id} is there to {self.manifest.task}, not to {task}")
        canvas, fit = fit_picture(picture, self.manifest.input)
        return self.infer(tensor(canvas, self.manifest.input)), fit

    def infer(self, values: NDArray[Any]) -> list[Numbers]:
        """The bare network: a tensor as the manifest declares it -> its outputs, in the manifest's order."""
        given = self.manifest.input
        feed: dict[str, NDArray[Any]] = {given.name: values}
        if given.sizes:
            feed[given.sizes] = np.array([[given.width_px, given.height_px]], dtype=np.int64)
        try:
            return cast("list[Numbers]", self._session.run(self._names, feed))
        except MemoryError:
            raise
        except Exception as error:
            raise ManifestError(f"model.file: onnxruntime cannot run it: {str(error)[:300]}") from error

    def _see_grey(self) -> None:
        grey = np.full((self.manifest.input.height_px, self.manifest.input.width_px, 3), GREY, dtype=np.uint8)
        match self.manifest.task:
            case "detect":
                self.detect(grey)
            case "classify":
                self.classify(grey)
            case "embed":
                self.embed(grey)


def _check_graph(manifest: ModelManifest, session: Any) -> list[str]:
    """Names of the outputs to ask for; raises ManifestError when the graph is another than the manifest describes."""
    given = manifest.input
    inputs = {one.name: one for one in session.get_inputs()}
    wanted = [given.name, *([given.sizes] if given.sizes else [])]
    if set(inputs) != set(wanted):
        raise ManifestError(f"input.name: the model takes {', '.join(inputs)}; the manifest names {', '.join(wanted)}")
    if (kind := inputs[given.name].type) != DTYPES[given.dtype]:
        raise ManifestError(f"input.dtype: the model takes {kind}, the manifest says {given.dtype}")
    shape, expected = list(inputs[given.name].shape), _shape(given)
    fixed = [isinstance(side, int) and side >= 0 for side in shape]
    if len(shape) != 4 or any(f and side != want for f, side, want in zip(fixed, shape, expected, strict=True)):
        raise ManifestError(f"input: the model takes {shape}, the manifest says {expected}")
    outputs = [one.name for one in session.get_outputs()]
    names = list(manifest.output.names) or outputs[:1]
    if absent := [name for name in names if name not in outputs]:
        raise ManifestError(f"output.names: the model gives {', '.join(outputs[:8])}; it has no {absent[0]!r}")
    if not manifest.output.names and len(outputs) > 1:
        raise ManifestError(f"output.names: the model gives {', '.join(outputs[:8])}; name the one that is meant")
    return names


def _shape(given: Input) -> list[int]:
    sides = [given.height_px, given.width_px]
    return [1, 3, *sides] if given.layout == "NCHW" else [1, *sides, 3]
