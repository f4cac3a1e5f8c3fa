# The whole app on one port. CPU by default:
#     docker build -t orrery . && docker run -p 7860:7860 orrery
# With a GPU, on a base that has the CUDA libraries and Python 3.11, started with --gpus all:
#     docker build -t orrery --build-arg BASE=<image> .
# PIP_EXTRA goes to pip as it is. A CPU image needs it to stay small: the default index has only the CUDA build of torch
# for Linux, so pass PyTorch's own CPU index there (on a Docker Space: a variable of that name in its settings):
#     docker build -t orrery --build-arg PIP_EXTRA="--extra-index-url <the CPU index that PyTorch's install page names>" .

ARG BASE=python:3.11-slim
FROM ${BASE}

# uid 1000 is who Hugging Face Spaces run a container as; the libraries' caches must be writable for it
RUN id -u 1000 >/dev/null 2>&1 || useradd --create-home --uid 1000 user
RUN mkdir -p /home/user/app && chown 1000:1000 /home/user /home/user/app
USER 1000
ENV HOME=/home/user \
    PATH=/home/user/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    XDG_CACHE_HOME=/home/user/.cache \
    HF_HOME=/home/user/.cache/huggingface \
    TORCH_HOME=/home/user/.cache/torch \
    NUMBA_CACHE_DIR=/home/user/.cache/numba \
    MPLCONFIGDIR=/home/user/.cache/matplotlib \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PORT=7860
WORKDIR /home/user/app

COPY --chown=1000:1000 requirements.txt .
ARG PIP_EXTRA=""
RUN python3 -m pip install --user ${PIP_EXTRA} -r requirements.txt

COPY --chown=1000:1000 . .
# ORRERY_REAL=1 puts the real models of `make real` into the image: 540 MB more
ARG ORRERY_REAL=""
RUN if [ -n "${ORRERY_REAL}" ]; then python3 -m models.real; fi
# script and style of both fronts, compressed once at the highest level: a minute, 30 MB
RUN python3 -m fronts.compressed
ARG ORRERY_VERSION=""
ENV ORRERY_VERSION=${ORRERY_VERSION}

# Nothing is downloaded at run time: the miniatures are in the image, and the hub is asked only with ORRERY_ALLOW_DOWNLOAD=1.
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/health', timeout=4)"]
CMD ["python3", "server.py"]
