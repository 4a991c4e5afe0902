#!/bin/sh
# A controller in shell: it has an inbox classified, asks a person, tells the owner, and finishes.
#
#   CLAWFLOW_SESSION=agent:main:main ./triage.sh [KEY]
#
# It remembers nothing itself. Where it stands is in the flow: its status, its step, its child, the
# answer. So it may be killed at any point and started again, with the same KEY, as often as one
# likes: it reads the newest revision and goes on from there.
set -eu

: "${CLAWFLOW_SESSION:?say whose inbox it is, for example CLAWFLOW_SESSION=agent:main:main}"
export CLAWFLOW_SESSION
key=${1:-inbox-triage-$(date +%F)}
here=$(cd "$(dirname "$0")" && pwd)
inbox=${INBOX:-$here/data/inbox.txt}

# The same flow each time: the live one of this key, or the outcome of the same command of today.
made=$(clawflow flows create 'triage the inbox' --controller examples/shell-controller \
    --key "$key" --join --idempotency-key "$key" --status running --current-step classify)
flow=${made%% *}

# look: reads where the flow stands.
look() {
    shown=$(clawflow flows show "$flow" --field revision --field status --field currentStep \
        --field tasks.-1.taskId --field tasks.-1.status --field outputs.summary \
        --field waits.-1.state --field waits.-1.answer.approved --field flowId)
    {
        read -r revision
        read -r status
        read -r step
        read -r task
        read -r task_status
        read -r summary
        read -r wait
        read -r approved
        read -r flow # the last line must not be empty, or the shell would drop it
    } <<SHOWN
$shown
SHOWN
}

# refusable COMMAND…: a command that the flow may refuse (exit 4), for example because somebody else
# was faster. Then the next look, at another revision, says what to do.
refusable() {
    code=0
    "$@" >/dev/null || code=$?
    case $code in
    0) ;;
    4) clawflow flows wait "$flow" --after-revision "$revision" --timeout 10s >/dev/null || : ;;
    *) exit "$code" ;;
    esac
}

# move VERB ARG…: a move of the flow, decided on the revision that `look` has seen.
move() {
    verb=$1
    shift
    refusable clawflow flows "$verb" "$flow" --expected-revision "$revision" "$@"
}

# The child. The run id makes it the same one, however often this is asked for; the flow waits for
# it in the same transaction.
classify() {
    refusable clawflow flows run-task "$flow" --await --run-id classify-1 --label classify \
        -- "$here/bin/classify.sh" "$inbox"
}

# What the child has found becomes an output of the flow.
keep() {
    found=$(clawflow tasks logs "$task")
    move set-output summary --text "$found"
}

# The question. `--tell`: the flow stays parked when it is answered, and this program resumes it.
ask() {
    found=$(clawflow flows show "$flow" --output summary)
    move set-waiting --current-step review --tell \
        --ask 'tell the owner?' --preview "$found" --deadline 7d --on-deadline cancel
}

# The message. The event key makes a second one the same, so it is sent once.
notify() {
    found=$(clawflow flows show "$flow" --output summary)
    refusable clawflow flows emit "$flow" "$found" --event-key summary
}

while :; do
    look
    case $status:$step in
    succeeded:*)
        clawflow flows show "$flow" --output summary
        exit 0
        ;;
    failed:* | cancelled:* | lost:*)
        echo "the flow $key ended as $status: clawflow flows show $flow" >&2
        exit 1
        ;;
    running:classify)
        case $task_status:$summary in
        :*) classify ;;
        succeeded:) keep ;;
        succeeded:*) ask ;;
        *) move fail --error "classify ended as $task_status" --blocked-by "$task" ;;
        esac
        ;;
    waiting:review)
        case $wait:$approved in
        resolved:true) move resume --current-step notify ;;
        resolved:*) move fail --error 'the summary was not approved' ;;
        *) clawflow flows wait "$flow" >/dev/null || : ;;
        esac
        ;;
    running:notify)
        notify
        move finish
        ;;
    waiting:* | blocked:*) clawflow flows wait "$flow" >/dev/null || : ;;
    *)
        echo "the flow $key is $status at a step that this program does not know: $step" >&2
        exit 1
        ;;
    esac
done
