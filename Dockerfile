# The same app as `make app`, on the processor.
#     docker build -t lobule .
#     docker run --rm -p 127.0.0.1:8501:8501 -e LOBULE_SERVE_WITHOUT_SIGN_IN=1 \
#         -v lobule:/var/lib/lobule lobule
# With extras: docker build --build-arg EXTRAS="sign-in postgresql" -t lobule .
FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=2 \
    LOBULE_HOME=/var/lib/lobule

WORKDIR /opt/lobule

COPY packages.txt ./
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends < packages.txt \
    && rm -rf /var/lib/apt/lists/*

ARG EXTRAS=""
COPY pyproject.toml requirements* ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock \
    $(for extra in $EXTRAS; do echo "-r requirements-$extra.lock"; done)

COPY LICENSE NOTICE* app.py ./
COPY .streamlit .streamlit
COPY core core
COPY pages pages
COPY models models

RUN useradd --create-home --uid 10001 lobule \
    && install -d -o lobule -g lobule "$LOBULE_HOME"
USER lobule
VOLUME /var/lib/lobule

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/_stcore/health', timeout=4)"]

# 0.0.0.0 is the inside of the container. Lobule starts only if users sign in, or if whoever runs it
# says that strangers are kept out: with the port published on 127.0.0.1, as above, they are.
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", \
     "--server.headless=true", "--browser.gatherUsageStats=false"]
