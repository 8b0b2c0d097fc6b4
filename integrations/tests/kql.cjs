// Microsoft's own parser for KQL over queries of a table.
//
//     node kql.cjs FOLDER < {"table": {COLUMN: TYPE}, "queries": {NAME: TEXT}}      FOLDER has node_modules
//
// Writes {NAME: {"errors": […], "columns": […]}}.
const fs = require('fs')
const path = require('path')
const vm = require('vm')

const folder = path.join(process.argv[2], 'node_modules', '@kusto', 'language-service-next')
global.window = global
for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  vm.runInThisContext(fs.readFileSync(path.join(folder, name), 'utf8'), { filename: name })
}
const { table, queries } = JSON.parse(fs.readFileSync(0, 'utf8'))
const { Language } = global.Kusto
const columns = Object.entries(table).map(([name, type]) => `${name}: ${type}`).join(', ')
const symbol = Language.Symbols.TableSymbol.From(`(${columns})`).WithName('MessageTrace_CL')
const database = new Language.Symbols.DatabaseSymbol.ctor('workspace', [symbol])
const globals = Language.GlobalState.Default.WithDatabase(database)
const answer = {}
for (const [name, text] of Object.entries(queries)) {
  const code = Language.KustoCode.ParseAndAnalyze(text, globals)
  const list = code.GetDiagnostics()
  const errors = []
  for (let index = 0; index < list.Count; index += 1) {
    const one = list.getItem(index)
    errors.push(`${one.Severity} at ${one.Start}: ${one.Message}`)
  }
  const found = code.ResultType && code.ResultType.Columns
  const names = []
  for (let index = 0; found && index < found.Count; index += 1) names.push(found.getItem(index).Name)
  answer[name] = { errors, columns: names }
}
process.stdout.write(JSON.stringify(answer))
