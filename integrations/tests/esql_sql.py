"""Runs ES|QL in DuckDB: Elastic's own parser reads it, each command becomes a step. What the rules use, and nothing else."""
import re

import duckdb
import esql
import pyarrow as pa
from esql import ast

import fields
from events import flat

SCHEMA = esql.Schema(fields.MAPPING)
KINDS = {"long": pa.int64(), "boolean": pa.bool_(), "date": pa.string()}
OPERATORS = {"and": "AND", "or": "OR", "==": "=", "!=": "<>", ">=": ">=", "<=": "<=", ">": ">", "<": "<", "-": "-", "*": "*",
             "/": "/", "+": "+"}
FUNCTIONS = {"max": "MAX", "min": "MIN", "sum": "SUM", "median": "MEDIAN", "median_absolute_deviation": "MAD",
             "greatest": "GREATEST", "concat": "CONCAT"}


def read(query):
    """The query's tree: its grammar, its functions, its fields and their types are as Elastic's parser wants them."""
    tree = esql.parse_query(query)
    with SCHEMA:
        esql.check_catalog_names(tree)
        esql.analyze(tree, SCHEMA)
    esql.validate_detection_rule_query(tree)
    return tree


def cluster(events):
    """What stands in the index."""
    kinds = fields.elastic()
    rows = list(map(flat, list(events)))
    columns = {name: pa.array([row.get(name) for row in rows], KINDS.get(kind, pa.string()))
               for name, kind in kinds.items() if kind != "flattened"}
    identifiers = pa.array([str(number) for number in range(len(rows))])
    table = pa.table({**columns, "_id": identifiers, "_index": identifiers, "_version": identifiers})
    connection = duckdb.connect()
    connection.register("text", table)
    connection.sql('CREATE TABLE events AS SELECT * REPLACE (CAST("@timestamp" AS TIMESTAMP) AS "@timestamp") FROM text')
    return connection


def quoted(name):
    return f'"{name}"'


def expression(node, now):
    def go(inner):
        return expression(inner, now)
    if isinstance(node, ast.ColumnRef):
        return quoted(node.name)
    if isinstance(node, ast.Literal):
        if node.kind in ("time_duration", "date_period"):
            number, unit = re.fullmatch(r"(\d+)([a-z]+)", node.value).groups()
            return f"INTERVAL '{number} {unit}'"
        if node.value is None:
            return "NULL"
        return "'" + node.value.replace("'", "''") + "'" if isinstance(node.value, str) else str(node.value)
    if isinstance(node, ast.BinaryExpr) and node.op == "in":
        return f"({go(node.left)} IN ({', '.join(map(go, node.right.args))}))"
    if isinstance(node, ast.BinaryExpr):
        return f"({go(node.left)} {OPERATORS[node.op]} {go(node.right)})"
    assert isinstance(node, ast.FunctionCall), node
    arguments = list(map(go, node.args))
    match node.name:
        case "not":
            return f"(NOT {arguments[0]})"
        case "is_null":
            return f"({arguments[0]} IS NULL)"
        case "is_not_null":
            return f"({arguments[0]} IS NOT NULL)"
        case "now":
            return f"TIMESTAMP '{now}'"
        case "date_trunc":
            return f"TIME_BUCKET({arguments[0]}, {arguments[1]}, TIMESTAMP '1970-01-01')"
        case "case":
            condition, value, other = arguments
            return f"(CASE WHEN {condition} THEN {value} ELSE {other} END)"
        case "count":
            return f"COUNT({', '.join(arguments) or '*'})"
        case "count_distinct":
            return f"COUNT(DISTINCT {arguments[0]})"
        case name:
            return f"{FUNCTIONS[name]}({', '.join(arguments)})"


def step(command, before, now):
    def named(aliases):
        return ", ".join(f"{expression(alias.expr, now)} AS {quoted(alias.name)}" for alias in aliases)
    match command:
        case ast.WhereCommand():
            return f"SELECT * FROM {before} WHERE {expression(command.predicate, now)}"
        case ast.EvalCommand():
            return f"SELECT *, {named(command.assignments)} FROM {before}"
        case ast.StatsCommand(inline=False, aggregate_filters=[], grouping_aliases=[]):
            by = ", ".join(map(quoted, command.grouping))
            return f"SELECT {by}, {named(command.aggregates)} FROM {before} GROUP BY {by}"
        case ast.KeepCommand(wildcards=[]):
            return f"SELECT {', '.join(map(quoted, command.columns))} FROM {before}"
        case ast.SortCommand():
            return f"SELECT * FROM {before}"
    raise NotImplementedError(type(command).__name__)


def ask(connection, query, now):
    """The answer as dictionaries, in no order."""
    source, *commands = read(query).commands
    assert isinstance(source, ast.FromCommand) and source.sources == ["logs-m365.message_trace-*"]
    steps = [f"step{number} AS ({step(command, f'step{number - 1}' if number else 'events', now)})"
             for number, command in enumerate(commands)]
    cursor = connection.execute(f"WITH {', '.join(steps)} SELECT * FROM step{len(steps) - 1}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]
