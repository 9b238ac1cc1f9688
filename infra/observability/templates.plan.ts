/**
 * What a message says: "[FIRING] critical: NodeDiskFull - The fullest disk …". Alertmanager joins the alerts of a group in
 * one message, so that its title names each alert once in a row.
 */
export const TEMPLATES = `{{ define "media.severity" }}{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}warning{{ end }}{{ end }}
{{ define "media.names" }}{{ $last := "" }}{{ range . }}{{ if ne .Labels.alertname $last }}{{ if $last }}, {{ end }}{{ .Labels.alertname }}{{ $last = .Labels.alertname }}{{ end }}{{ end }}{{ end }}
{{ define "media.title" }}[{{ .Status | toUpper }}] {{ template "media.severity" . }}: {{ if eq .Status "firing" }}{{ template "media.names" .Alerts.Firing }}{{ else }}{{ template "media.names" .Alerts.Resolved }}{{ end }}{{ if .CommonAnnotations.summary }} - {{ .CommonAnnotations.summary }}{{ end }}{{ end }}
{{ define "media.text" }}{{ range .Alerts }}{{ .Status }}: {{ .Labels.alertname }}: {{ .Annotations.summary }}
{{ .Annotations.description }}
Runbook: {{ .Annotations.runbook_url }}
Dashboard: {{ .Annotations.dashboard_url }}
Since: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC

{{ end }}{{ end }}
`;
