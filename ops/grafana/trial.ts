import { dashboard } from './dashboard.ts';

/** How the trials go, over all studies and sites; REST has the numbers of each. */
export const trial = dashboard('trial-enrollments', 'Trials', [
  { title: 'Open enrollments', unit: 'short', as: 'number', queries: [{ expr: 'sum(trial_enrollments{outcome="open"})' }] },
  { title: 'Active participants', unit: 'short', as: 'number', queries: [{ expr: 'sum(trial_enrollments{outcome="active"})' }] },
  { title: 'Need attention', unit: 'short', as: 'number', queries: [{ expr: 'sum(trial_enrollments_need_attention)' }] },
  { title: 'Stuck', unit: 'short', as: 'number', queries: [{ expr: 'sum(trial_stuck_cases)' }] },
  { title: 'Places taken', unit: 'percentunit', as: 'number', queries: [{ expr: 'sum(trial_slots_used) / sum(trial_slots_cap)' }] },
  { title: 'Sites without a free place', unit: 'short', as: 'number', queries: [{ expr: 'sum(trial_sites_full)' }] },
  { title: 'Open enrollments by stage', unit: 'short', queries: [{ expr: 'sum by (stage) (trial_enrollments{outcome="open"})', legend: '{{stage}}' }] },
  { title: 'Enrollments by outcome', unit: 'short', queries: [{ expr: 'sum by (outcome) (trial_enrollments)', legend: '{{outcome}}' }] },
  { title: 'Ended in a day', unit: 'short', queries: [{ expr: 'sum by (outcome) (increase(trial_enrollments_ended_total[1d]))', legend: '{{outcome}}' }] },
  { title: 'Median time in a stage', unit: 's', queries: [{ expr: 'histogram_quantile(0.5, sum by (stage, le) (increase(trial_stage_seconds_bucket[7d])))', legend: '{{stage}}' }] },
  { title: 'Places', unit: 'short', queries: [{ expr: 'sum by (status) (trial_slots_used)', legend: '{{status}}' }, { expr: 'sum(trial_slots_cap)', legend: 'cap' }] },
  { title: 'Steps undone in an hour', unit: 'short', queries: [{ expr: 'sum by (step, result) (increase(trial_compensations_total[1h]))', legend: '{{step}}: {{result}}' }] },
  { title: 'Mails in an hour', unit: 'short', queries: [{ expr: 'sum by (result) (increase(trial_notification_deliveries_total[1h]))', legend: '{{result}}' }] },
  { title: 'Stuck, by form', unit: 'short', queries: [{ expr: 'max by (kind) (trial_stuck_cases)', legend: '{{kind}}' }] },
  { title: 'Audit trail: what the check has found', unit: 'short', queries: [{ expr: 'max by (service) (audit_findings)', legend: '{{service}}' }] },
  { title: 'Audit trail: entries checked', unit: 'reqps', queries: [{ expr: 'sum by (service) (rate(audit_entries_checked_total[5m]))', legend: '{{service}}' }] },
  { title: 'Age of keys', unit: 's', queries: [{ expr: 'time() - min by (ring) (key_created_timestamp_seconds)', legend: '{{ring}}' }] },
  { title: 'Certificates hold for', unit: 's', queries: [{ expr: 'min by (certificate) (tls_certificate_expiry_timestamp_seconds) - time()', legend: '{{certificate}}' }] },
]);
