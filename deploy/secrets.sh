#!/bin/sh
# Makes what deploy/compose.yaml mounts as secrets, in deploy/secrets/ (or the folder named as argument): random
# passwords and signing secrets, the roles' connection strings, a self-signed certificate, and a file for settings.
# Whatever is there already stays as it is: put a real certificate or a provider's own secret in its place.
set -eu
umask 077

folder=${1:-$(cd "$(dirname "$0")" && pwd)/secrets}
host=${TLS_HOST:-localhost}
mkdir -p "$folder"
cd "$folder"
echo '*' >.gitignore

random() { openssl rand -hex 24; }
# keep NAME: standard input becomes the file NAME, unless there is one
keep() { if [ -s "$1" ]; then cat >/dev/null; else cat >"$1"; echo "made $1"; fi; }

random | keep postgres_password
random | keep owner_password
printf 'postgresql://hookline_owner:%s@postgres:5432/hookline\n' "$(cat owner_password)" | keep owner_dsn
for process in ingest persist opt-out crm-sync analytics gate console notifier operator reader retention erase; do  # each as a role of its own
    random | keep "${process}_password"
    printf 'postgresql://hookline_%s:%s@postgres:5432/hookline\n' "$(echo "$process" | tr - _)" \
        "$(cat "${process}_password")" | keep "${process}_dsn"
done
# The providers' own, each named as its setting: HOOKLINE_TWILIO__AUTH_TOKENS would be providers/twilio_auth_tokens.
mkdir -p providers
for name in textlink_secrets textus_signing_secrets; do
    [ ! -s "$name" ] || mv "$name" "providers/$name"  # where earlier versions had it
    random | keep "providers/$name"
done
for process in broker ingest persist opt-out crm-sync analytics operator analyst; do  # Kafka's principals, hookline-PROCESS
    random | keep "kafka_${process}_password"
done
[ -s kafka_principal_passwords ] || echo "made kafka_principal_passwords"
for process in ingest persist opt-out crm-sync analytics operator analyst; do  # one that an update brought is added
    case ,$(cat kafka_principal_passwords 2>/dev/null) in
        *",hookline-$process:"*) ;;
        *) printf '%s%s\n' "$(sed 's/$/,/' kafka_principal_passwords 2>/dev/null)" \
            "hookline-$process:$(cat "kafka_${process}_password")" >kafka_principal_passwords.new
            mv kafka_principal_passwords.new kafka_principal_passwords ;;
    esac
done
keep kafka_jaas <<JAAS
KafkaServer {
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="hookline-broker" password="$(cat kafka_broker_password)"
    user_hookline-broker="$(cat kafka_broker_password)";
  org.apache.kafka.common.security.scram.ScramLoginModule required;
};
JAAS
random | keep gate_tokens
random | keep grafana_password
random | keep analytics_secret
openssl rand -base64 32 | keep head_keys
random | keep phone_peppers
keep hookline.env <<'SETTINGS'
# Settings for every service of deploy/compose.yaml, nothing secret: a line each, without quotes (docs/settings.md).
# Which providers' webhooks are taken, and the address that they call, which some of them sign:
#HOOKLINE_INGEST__PROVIDERS=textlink,textus
#HOOKLINE_INGEST__PUBLIC_URL=https://sms.example.com
# The CRMs that crm-sync keeps in step, none without this (docs/crm.md):
#HOOKLINE_CRM__TARGETS=rest
#HOOKLINE_CRM_REST__URL=https://crm.example.com/api
#HOOKLINE_CRM_TEXTUS__ACCOUNTS=acme-west,acme-east
# Where phone numbers without a country code are from:
#HOOKLINE_PHONES__DEFAULT_REGION=US
SETTINGS
[ -e textus_api_token ] || { : >textus_api_token; echo "made textus_api_token, empty: opt-outs are not told to TextUs"; }
[ -e console_users ] || { echo '[]' >console_users; echo "made console_users, empty: hookline console add-user NAME --file $folder/console_users"; }
[ -e notifier_targets ] || { : >notifier_targets; echo "made notifier_targets, empty: nobody is told of alarms (docs/notifier.md)"; }
[ -e crm_rest_token ] || { : >crm_rest_token; echo "made crm_rest_token, empty: the CRM \`rest\` is called without one"; }

if [ ! -s tls.crt ] || [ ! -s tls.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -keyout tls.key -out tls.crt 2>/dev/null
    echo "made tls.crt and tls.key, self-signed for $host"
fi

# Compose mounts a secret file as it is, owner and mode included, and the services run as users of their
# own. So the files are readable and the folder is not: nobody but its owner can walk to them.
find . -type f ! -name .gitignore -exec chmod 0644 {} +
chmod 0755 providers
chmod 0700 .
