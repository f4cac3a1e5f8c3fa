"""Marks for tests that need a real model; `.ci/run` makes them ready, `make test` alone skips them with one line."""

import pytest

from models import real

needs_smollm2 = pytest.mark.skipif(not real.is_made("smollm2-135m"), reason="SmolLM2 135M is not here: make real")
needs_image_network = pytest.mark.skipif(not real.is_made("efficientnet-lite0"), reason="EfficientNet-Lite0 is not here: make real")
