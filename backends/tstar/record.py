"""Records the run that the page opens with: `python -m backends.tstar.record`. The page says that it is a recording."""

from backends.run import Inputs, last, save_result
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings
from backends.tstar.system import RECORDED

if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    result = last(run(TStarSettings(baselines=("uniform", "random_grid", "dense")), Inputs()))
    RECORDED.write_bytes(save_result(result))
    print(f"{RECORDED}: {RECORDED.stat().st_size / 1e6:.2f} MB, {result.summary()['methods']}")
