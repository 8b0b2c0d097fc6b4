//! `integrations/sentinel/`, written from the columns.

use serde_json::{Value, json};

use super::COLUMNS;

/// The table in the workspace.
const TABLE: &str = "MessageTrace_CL";

fn columns() -> Value {
    COLUMNS
        .iter()
        .map(|column| json!({ "name": column.name, "type": column.kind.name() }))
        .collect()
}

/// The table, as the Tables API takes it.
///
/// Source: <https://learn.microsoft.com/rest/api/loganalytics/tables/create-or-update>.
#[must_use]
pub fn table_schema() -> Value {
    json!({
        "properties": {
            "schema": { "name": TABLE, "columns": columns() },
            "plan": "Analytics"
        }
    })
}

/// The data collection rule, as a template of the Resource Manager.
///
/// Source: <https://learn.microsoft.com/azure/azure-monitor/logs/tutorial-logs-ingestion-api>.
#[must_use]
pub fn rule_template() -> Value {
    let stream = format!("Custom-{TABLE}");
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-08-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "name": { "type": "string", "defaultValue": "message-trace" },
            "location": { "type": "string", "defaultValue": "[resourceGroup().location]" },
            "workspaceResourceId": { "type": "string" },
            "endpointResourceId": { "type": "string" }
        },
        "resources": [{
            "type": "Microsoft.Insights/dataCollectionRules",
            "apiVersion": "2023-03-11",
            "name": "[parameters('name')]",
            "location": "[parameters('location')]",
            "properties": {
                "dataCollectionEndpointId": "[parameters('endpointResourceId')]",
                "streamDeclarations": { &stream: { "columns": columns() } },
                "destinations": {
                    "logAnalytics": [{
                        "workspaceResourceId": "[parameters('workspaceResourceId')]",
                        "name": "workspace"
                    }]
                },
                "dataFlows": [{
                    "streams": [&stream],
                    "destinations": ["workspace"],
                    "transformKql": "source",
                    "outputStream": &stream
                }]
            }
        }],
        "outputs": {
            "ruleId": {
                "type": "string",
                "value": "[reference(resourceId('Microsoft.Insights/dataCollectionRules', parameters('name'))).immutableId]"
            }
        }
    })
}
