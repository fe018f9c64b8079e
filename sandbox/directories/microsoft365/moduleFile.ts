import type { Faults } from '../faults.ts';
import { json, type Reply } from '../server.ts';

const CMDLETS =
  'Get-Recipient Get-MailContact Get-Contact Get-MailUser Get-User Get-DistributionGroup Get-DynamicDistributionGroup Get-UnifiedGroup New-MailContact Set-MailContact Set-Contact Remove-MailContact New-MailUser Set-MailUser Set-User Remove-MailUser Get-Mailbox Set-Mailbox'.split(
    ' ',
  );

/** The cmdlets that the application's roles hold, as the PowerShell module asks for them. */
export function moduleFile(faults: Faults): Reply {
  const exportedCmdlets = CMDLETS.filter((name) => !faults.withoutCmdlets?.includes(name)).join(',');
  return json(200, { value: [{ name: 'simulated', exportedCmdlets }] });
}
