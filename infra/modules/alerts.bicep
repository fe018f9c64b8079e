metadata description = 'Who is told when a job failed, a plan is held, or nothing has run for too long. All over the log lines of the app.'

@description('Prefix of the names of rules.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags { *: string }

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

@description('Who gets a mail. Empty: alerts are shown in the portal only.')
param emails string[]

@description('A job must have finished within this many hours. 0: no such rule.')
@minValue(0)
@maxValue(47)
param noJobHours int

var noJobQuery = replace(loadTextContent('../queries/alerts/noJob.kql'), '{hours}', string(noJobHours))

var rules = [
  {
    name: 'job-failed'
    title: 'galsync: a job failed'
    description: 'A job ended as failed. The saved query "What failed or was held, and what to do" says which directory or route and why.'
    query: loadTextContent('../queries/alerts/jobFailed.kql')
    severity: 1
    every: 'PT15M'
    window: 'PT30M'
    enabled: true
  }
  {
    name: 'plan-held'
    title: 'galsync: a plan is held'
    description: 'A breaker tripped: nothing is written on that route until somebody approves the plan, rejects it, or the cause is mended.'
    query: loadTextContent('../queries/alerts/planHeld.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    enabled: true
  }
  {
    name: 'no-job'
    title: 'galsync: no job has finished'
    description: 'No sync or push has finished for ${noJobHours} hours: address books are getting old.'
    query: noJobQuery
    severity: 1
    every: 'PT1H'
    window: 'P2D'
    enabled: noJobHours > 0
  }
]

resource people 'Microsoft.Insights/actionGroups@2024-10-01-preview' = if (!empty(emails)) {
  name: '${name}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'galsync'
    emailReceivers: [for (email, index) in emails: { name: 'mail${index}', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2025-01-01-preview' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.description
      enabled: rule.enabled
      severity: rule.severity
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      // A new workspace has no AppTraces yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(emails) ? [] : [people.id] }
    }
  }
]
