"""Normalizes files of message-trace rows on a cluster: history beyond one machine.

    spark-submit spark_job.py --target ecs --domain example.com 's3a://trace/2025/*' s3a://events/2025

Files hold one JSON row or one saved page a line, gzipped or not, on any file system that Spark reads. Spark splits them
into partitions; every partition passes through one normalizer in the worker, in chunks of Arrow batches. What is written:

    OUTPUT/kind=event/…     one event a line
    OUTPUT/kind=rejected/…  `reason`, `detail` and the raw line of what was refused, as JSON: nothing is lost

The workers need Python with this package and pyarrow. `pandas_events` is the same for one machine and pandas.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from message_trace import Normalizer, about

if TYPE_CHECKING:
    import pandas
    import pyarrow
    from pyspark.sql import DataFrame, SparkSession

KINDS = "kind string, value string"


def normalize_files(spark: SparkSession, paths: str, normalizer: Normalizer) -> DataFrame:
    """A row for each event and each refused line."""
    # A line feed alone ends a line, as everywhere; binary, so that Spark does not mend what is not UTF-8.
    lines = spark.read.text(paths, lineSep="\n").selectExpr("cast(value as binary) as line")

    def partition(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        import pyarrow

        for batch in batches:
            kinds, values = rows_of(normalizer, batch.column(0).to_pylist())
            yield pyarrow.RecordBatch.from_arrays([kinds, values], names=["kind", "value"])

    return lines.mapInArrow(partition, KINDS)


def rows_of(normalizer: Normalizer, lines: list[bytes]) -> tuple[list[str], list[str]]:
    """Kinds and values of one chunk."""
    batch = normalizer.normalize_batch(b"\n".join(lines))
    events = batch.events.decode().split("\n")[:-1]
    rejected = [
        json.dumps(
            {
                "reason": entry.reason.reason,
                "detail": entry.reason.detail,
                "line": lines[entry.line - 1].decode(errors="backslashreplace"),
            }
        )
        for entry in batch.rejections
    ]
    return ["event"] * len(events) + ["rejected"] * len(rejected), events + rejected


def pandas_events(paths: Iterable[str | Path], normalizer: Normalizer) -> pandas.DataFrame:
    """The events of files on one machine, their fields as columns (`email.from.address`, …)."""
    import pandas

    frames = []
    for path in map(Path, paths):
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for batch in normalizer.batches(stream):  # type: ignore[arg-type]
                events = [json.loads(event) for event in io.BytesIO(batch.events)]
                frames.append(pandas.json_normalize(events))
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", help="files, folders or a pattern, as Spark reads them")
    parser.add_argument("output", help="the folder to write")
    parser.add_argument("--target", default="ecs", choices=about().targets)
    parser.add_argument("--domain", action="append", default=[], help="one of the organization's own mail domains")
    parser.add_argument("--tenant-id")
    arguments = parser.parse_args()
    options: dict[str, Any] = {
        "target": arguments.target,
        "organization_domains": arguments.domain,
        "tenant_id": arguments.tenant_id,
    }

    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("message-trace").getOrCreate()
    kinds = normalize_files(spark, arguments.input, Normalizer(**options))
    kinds.write.partitionBy("kind").text(arguments.output)
    spark.stop()


if __name__ == "__main__":
    main()
