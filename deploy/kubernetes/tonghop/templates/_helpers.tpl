{{/* What all templates share: names, labels, how a process is confined, and where its bus and database are. */}}

{{- define "tonghop.name" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tonghop.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a part: (list $ "api") */}}
{{- define "tonghop.selector" -}}
app.kubernetes.io/name: tonghop
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "tonghop.labels" -}}
{{ include "tonghop.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end -}}

{{/* The restricted profile of pod security, for the pod. */}}
{{- define "tonghop.pod" -}}
automountServiceAccountToken: false
serviceAccountName: {{ include "tonghop.name" . }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* The same, for a container. */}}
{{- define "tonghop.container" -}}
image: {{ include "tonghop.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  privileged: false
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* No two of a part on one machine while there is another one: (list $ "api") */}}
{{- define "tonghop.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "tonghop.selector" . | nindent 8 }}
{{- end -}}

{{- define "tonghop.bus" -}}
{{- $urls := list -}}
{{- range .Values.bus.addresses -}}{{- $urls = append $urls (printf "tls://%s" .) -}}{{- end -}}
{{- join "," $urls -}}
{{- end -}}

{{/* Where a process reaches bus and database, and as whom: (list $ "api" "prefer-standby") */}}
{{- define "tonghop.env" -}}
{{- $top := index . 0 -}}
{{- $who := index . 1 -}}
- {name: TONGHOP_NATS_URL, value: {{ include "tonghop.bus" $top | quote }}}
- {name: TONGHOP_NATS_CREDENTIALS, value: /etc/tonghop/bus/nats.creds}
{{- if $top.Values.bus.caSecret }}
- {name: TONGHOP_NATS_CA, value: /etc/tonghop/bus-ca/ca.crt}
{{- end }}
{{- if $top.Values.bus.certificateSecret }}
- {name: TONGHOP_NATS_CERT, value: /etc/tonghop/bus-certificate/tls.crt}
- {name: TONGHOP_NATS_KEY, value: /etc/tonghop/bus-certificate/tls.key}
{{- end }}
- name: TONGHOP_DATABASE_URL
  value: {{ printf "postgresql://tonghop_%s@%s/%s?target_session_attrs=%s&sslmode=verify-full&sslrootcert=/etc/tonghop/database-ca/ca.crt" $who (join "," $top.Values.database.addresses) $top.Values.database.name (index . 2) | quote }}
- {name: TONGHOP_DATABASE_PASSWORD_FILE, value: /etc/tonghop/database/password}
{{- end -}}

{{/* What it has of secrets: only its own. (list $ "api") */}}
{{- define "tonghop.mounts" -}}
{{- $values := (index . 0).Values -}}
- {name: bus, mountPath: /etc/tonghop/bus, readOnly: true}
- {name: database, mountPath: /etc/tonghop/database, readOnly: true}
- {name: database-ca, mountPath: /etc/tonghop/database-ca, readOnly: true}
{{- if $values.bus.caSecret }}
- {name: bus-ca, mountPath: /etc/tonghop/bus-ca, readOnly: true}
{{- end }}
{{- if $values.bus.certificateSecret }}
- {name: bus-certificate, mountPath: /etc/tonghop/bus-certificate, readOnly: true}
{{- end }}
- {name: scratch, mountPath: /tmp}
{{- end -}}

{{- define "tonghop.volumes" -}}
{{- $values := (index . 0).Values -}}
{{- $who := index . 1 -}}
- name: bus
  secret: {secretName: {{ index $values.bus.credentials $who }}, defaultMode: 0440}
- name: database
  secret:
    secretName: {{ index $values.database.passwords $who }}
    defaultMode: 0440
    items: [{key: password, path: password}]
- name: database-ca
  secret:
    secretName: {{ $values.database.caSecret }}
    items: [{key: ca.crt, path: ca.crt}] # the operator's secret has the authority's key as well
{{- if $values.bus.caSecret }}
- name: bus-ca
  secret:
    secretName: {{ $values.bus.caSecret }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- if $values.bus.certificateSecret }}
- name: bus-certificate
  secret: {secretName: {{ $values.bus.certificateSecret }}, defaultMode: 0440}
{{- end }}
- name: scratch
  emptyDir: {sizeLimit: {{ index . 2 }}}
{{- end -}}
