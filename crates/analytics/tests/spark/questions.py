"""Every question and every rule of `detect` by Spark and by this program over the same files: is every cell equal?

    pip install pyspark==4.1.0        (needs Java 17 or later)
    python crates/analytics/tests/spark/questions.py PROGRAM

The files say `$since` where Spark has `:since`; nothing else is changed. Floats are equal to nine digits.
"""
import decimal
import json
import os
import pathlib
import sys
import tempfile

from pyspark.sql import SparkSession

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "duckdb"))

from kept import SINCE, Tally, answer, archive, run  # noqa: E402
from planted import OWN, rows  # noqa: E402
from same import cell  # noqa: E402

PROGRAM = sys.argv[1]
SQL = HERE.parents[1] / "sql"


def value(found):
    return cell(float(found) if isinstance(found, decimal.Decimal) else found)


os.environ["TZ"] = "UTC"
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    # One partition for each of the few rows that are planted would take longer than the questions.
    .config("spark.sql.shuffle.partitions", "2")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
with tempfile.TemporaryDirectory() as folder:
    place = archive(PROGRAM, folder)
    spark.read.parquet(*map(str, pathlib.Path(place).glob("day=*/*.parquet"))).createOrReplaceTempView("events")
    spark.sql((SQL / "views/records.sql").read_text()).createOrReplaceTempView("records")
    assert spark.table("events").count() == len(rows)
    domains = [row[0] for row in spark.sql("SELECT DISTINCT sender_domain FROM events WHERE sender_domain IS NOT NULL").collect()]
    hits = run(PROGRAM, "lookalike", "--protect", OWN, "--json", "-", text="\n".join(domains))
    hits = [json.loads(hit) for hit in hits.splitlines()]
    names = ["domain", "protected", "family", "distance"]
    spark.createDataFrame([[hit[name] for name in names] for hit in hits], names).createOrReplaceTempView("lookalike_domains")
    tally = Tally()
    questions = [(path.stem, path) for path in sorted(SQL.glob("*.sql"))]
    rules = [(str(path), path) for path in sorted((SQL / "rules").glob("*.sql"))]
    for name, path in questions + rules:
        sql = path.read_text().replace("$since", ":since")
        try:
            asked = spark.sql(sql, {"since": SINCE} if ":since" in sql else {})
            found = [{key: value(row[key]) for key in asked.columns} for row in asked.collect()]
        except Exception as error:
            found = [str(error).splitlines()[0]]
        tally.compare(path.relative_to(SQL), found, answer(PROGRAM, name, place))
    tally.end()
