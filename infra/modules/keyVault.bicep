metadata description = 'The vault of the secrets that the configuration names. Access by role only, nothing can be purged before its time.'

@description('Name of the vault.')
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Log Analytics workspace that is told of every access.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // The app reads secrets over the network that it has; a vault behind a private endpoint needs the app in that network first.
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('Address of the vault: what the app setting KEY_VAULT_URI holds.')
output address string = vault.properties.vaultUri
