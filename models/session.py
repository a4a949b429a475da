"""ONNX Runtime sessions as an edge box wants them: few threads, and the provider that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from models.errors import ModelError, ProviderError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
"""Names in a configuration -> names in ONNX Runtime."""

# The library's own classes have no common base.
RUN_FAULTS = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
    ValueError,
)
"""What ONNX Runtime raises when it opens or runs a network."""


def open_session(
    model: bytes | Path, *, providers: Sequence[str], threads: int, described: str
) -> ort.InferenceSession:
    """Open a network.

    Args:
        model: a file, or a serialised model.
        providers: names of ``PROVIDERS``, in order of preference.
        threads: of one inference.
        described: what the model is called in errors.

    Raises:
        ProviderError: when a provider is not in this build or cannot start; nothing falls back in silence.
        ModelError: when the file is not a network that ONNX Runtime can run.
    """
    wanted = _available(providers)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # what matters is raised
    # A waiting thread that spins takes the core from the decoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(
            model if isinstance(model, bytes) else str(model), options, providers=wanted
        )
    except RUN_FAULTS as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise ModelError(f"{described} cannot be opened by ONNX Runtime: {reason}") from error
    session.disable_fallback()
    silent = [name for name in wanted if name not in session.get_providers()]
    if silent:
        raise ProviderError(
            f"{', '.join(_short(name) for name in silent)}: the provider is in this onnxruntime build but "
            "did not start on this machine (driver or library missing); set 'providers' to what it has"
        )
    return session


def _available(providers: Sequence[str]) -> list[str]:
    if not providers:
        raise ProviderError("'providers' names none; give at least 'cpu'")
    unknown = [name for name in providers if name not in PROVIDERS]
    if unknown:
        raise ProviderError(f"unknown provider {', '.join(unknown)}; known are {', '.join(PROVIDERS)}")
    built = ort.get_available_providers()
    absent = [name for name in providers if PROVIDERS[name] not in built]
    if absent:
        has = ", ".join(sorted(_short(name) for name in built if name in PROVIDERS.values()))
        raise ProviderError(
            f"the provider {', '.join(absent)} is not in this onnxruntime build (version {ort.__version__}, "
            f"which has: {has}); install the build for it (onnxruntime-gpu, -openvino) or choose another"
        )
    return [PROVIDERS[name] for name in providers]


def _short(name: str) -> str:
    return next(short for short, long in PROVIDERS.items() if long == name)
