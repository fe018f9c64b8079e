metadata description = 'Storage of the app: tables of galsync, queues and tables of Durable Functions, the deployed package. No shared keys.'

@description('Name of the storage account.')
@maxLength(24)
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Replication of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Name of the blob container that holds the deployed package.')
param deploymentContainer string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
    publicNetworkAccess: 'Enabled'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
      deleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource container 'containers' = {
      name: deploymentContainer
      properties: { publicAccess: 'None' }
    }
  }
}

@description('Where the deployed package lies.')
output deploymentContainerUrl string = '${account.properties.primaryEndpoints.blob}${account::blobs::container.name}'

@description('Address of each storage service, without a final slash: no keys.')
output services { blob: string, queue: string, table: string } = {
  blob: 'https://${account.name}.blob.${environment().suffixes.storage}'
  queue: 'https://${account.name}.queue.${environment().suffixes.storage}'
  table: 'https://${account.name}.table.${environment().suffixes.storage}'
}
