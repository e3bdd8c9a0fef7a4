#!/usr/bin/env bash
# Runs tare check in a GitHub workflow: the second step of action.yml. Everything that a user
# chooses comes in variables; nothing of it is part of this text.
#
# TARE_CHECK_TARGET, _BASELINE, _BUDGETS, _NAME, _COMMENT, _REPORTS, _TOKEN   the inputs of action.yml
# GITHUB_…, RUNNER_TEMP                                                       as a runner sets them
set -euo pipefail
dir=$(mktemp -d "${RUNNER_TEMP:-/tmp}/tare-check.XXXXXX")
token=$TARE_CHECK_TOKEN
unset TARE_CHECK_TOKEN # programs that a build runs do not see it

event() { jq -r "$1 // empty" "${GITHUB_EVENT_PATH:?}" 2>/dev/null || true; }

# The commit that the change began from. Of a pull request the runner has checked out the merge
# with its target: the first parent is what the change is added to. A shallow clone knows its name
# and can fetch it alone.
parent() {
  local first
  first=$(git cat-file commit HEAD 2>/dev/null | sed -n '/^$/q; s/^parent //p' | head -n 1)
  [[ $first =~ ^[0-9a-f]{40,64}$ ]] || return 0
  git cat-file -e "$first^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$first" >&2 || return 0
  echo "$first"
}

arguments=(check --name "$TARE_CHECK_NAME" --report "json=$dir/check.json" --report "summary=$dir/summary.md"
  --report "markdown=$dir/comment.md" --report "github=$dir/commands")
case ${TARE_CHECK_BASELINE:-none} in
none) ;;
auto)
  before=$(parent)
  if [[ -n $before ]]; then
    # DIR below the root of the repository is the same DIR there.
    arguments+=(--baseline "git:$before")
  else
    echo "::notice title=tare check::no commit before this one is here, so growth is not measured (fetch-depth: 2)"
  fi
  ;;
*) arguments+=(--baseline "$TARE_CHECK_BASELINE") ;;
esac
while IFS= read -r line; do [[ -z ${line// /} ]] || arguments+=(--budget "$line"); done <<<"${TARE_CHECK_BUDGETS:-}"
while IFS= read -r line; do [[ -z ${line// /} ]] || arguments+=(--report "$line"); done <<<"${TARE_CHECK_REPORTS:-}"

# What a build prints is a stranger's text: the runner must not take commands from it.
stop=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$stop"
code=0
tare "${arguments[@]}" -- "$TARE_CHECK_TARGET" 2>&1 || code=$?
echo
echo "::$stop::"

if [[ $code != 0 && $code != 3 ]]; then
  echo "::error title=tare check::the check itself failed (exit code $code): the log has the reason"
  echo "tare check failed with exit code $code: the log of the job has the reason." >>"$GITHUB_STEP_SUMMARY"
  exit "$code"
fi
cat "$dir/summary.md" >>"$GITHUB_STEP_SUMMARY"
cat "$dir/commands"
{
  echo "verdict=$([[ $code == 3 ]] && echo violated || echo pass)"
  echo "json=$dir/check.json"
} >>"$GITHUB_OUTPUT"

# api METHOD PATH [FILE]: the answer on standard output. The token is in no argument, where ps
# would show it.
api() {
  curl -sS --fail-with-body --max-time 30 -X "$1" --config - ${3:+--data-binary "@$3"} \
    -H 'Accept: application/vnd.github+json' -H 'Content-Type: application/json' -H 'X-GitHub-Api-Version: 2022-11-28' \
    "${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/$2" <<<"header = \"Authorization: Bearer $token\""
}

# earlier finds the comment of the last run by its first line.
earlier() {
  local page list marker
  marker=$(head -n 1 "$dir/summary.md")
  for page in {1..20}; do
    list=$(api GET "issues/$number/comments?per_page=100&page=$page") || return 1
    jq -r --arg marker "$marker" '[.[] | select(.body | startswith($marker))][0].id // empty' <<<"$list" | grep . && return 0
    [[ $(jq length <<<"$list") == 100 ]] || return 0
  done
}

comment() {
  local id
  id=$(earlier) || return 1
  if [[ -n $id ]]; then # also where there is nothing to say any more: an old verdict must not stand
    jq -n --rawfile body "$dir/summary.md" '{body: $body}' >"$dir/body.json"
    api PATCH "issues/comments/$id" "$dir/body.json" >/dev/null
  elif [[ -s $dir/comment.md ]]; then
    jq -n --rawfile body "$dir/comment.md" '{body: $body}' >"$dir/body.json"
    api POST "issues/$number/comments" "$dir/body.json" >/dev/null
  fi
}

number=$(event .pull_request.number)
if [[ ${GITHUB_EVENT_NAME:-} == pull_request && $TARE_CHECK_COMMENT == true && $number =~ ^[0-9]+$ && -n $token ]]; then
  if [[ $(event .pull_request.head.repo.full_name) != "$GITHUB_REPOSITORY" ]]; then
    echo "The pull request is from a fork, whose token may not comment: the job summary has the report."
  elif ! comment >"$dir/api.log" 2>&1; then
    echo "::notice title=tare check::no comment was made: does the job have \"pull-requests: write\"? The job summary has the report."
    echo "::stop-commands::$stop"
    tail -c 2000 "$dir/api.log"
    echo
    echo "::$stop::"
  fi
fi
exit "$code"
