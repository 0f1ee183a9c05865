# shellcheck shell=bash
# Sourced by in_cluster: Son of Grid Engine, its master on the head, an execution daemon on each machine.
private /var/lib/gridengine /var/spool/gridengine
mkdir -p /run/gridengine
chown sgeadmin: /run/gridengine
network
export SGE_ROOT=/var/lib/gridengine SGE_CELL=default
echo head > "$SGE_ROOT/$SGE_CELL/common/act_qmaster"
SGE_MASTER_PIDFILE=/run/gridengine/qmaster.pid sge_qmaster
until_true 30 qconf -sss
{
    setpriv --reuid sgeadmin --regid sgeadmin --init-groups qconf -am root || true # perhaps it is
    qconf -as head || true
    # Before the first daemon: root may run jobs.
    qconf -sconf | sed -e 's/^min_uid.*/min_uid 0/' -e 's/^min_gid.*/min_gid 0/' > "$CLUSTER/global"
    qconf -Mconf "$CLUSTER/global"
    qconf -ssconf | sed -e 's/^schedule_interval.*/schedule_interval 0:0:2/' \
        -e 's/^flush_submit_sec.*/flush_submit_sec 1/' \
        -e 's/^flush_finish_sec.*/flush_finish_sec 1/' > "$CLUSTER/scheduler"
    qconf -Msconf "$CLUSTER/scheduler"
    cat > "$CLUSTER/pe" << END
pe_name            mpi
slots              999
user_lists         NONE
xuser_lists        NONE
start_proc_args    NONE
stop_proc_args     NONE
allocation_rule    2
control_slaves     TRUE
job_is_first_task  FALSE
urgency_slots      min
accounting_summary FALSE
qsort_args         NONE
END
    qconf -Ap "$CLUSTER/pe"
    for i in $(seq "$NODES"); do
        qconf -ah "node$i"
        qconf -as "node$i"
    done
} > "$CLUSTER/qconf.log" 2>&1
for i in $(seq "$NODES"); do
    SGE_EXECD_PIDFILE=/run/gridengine/execd.node$i.pid SGE_ND=true on_node "$i" sge_execd
done
all_there() { [ "$(qconf -sel | grep -c node)" = "$NODES" ]; }
until_true 60 all_there
{
    # shellcheck disable=SC2046
    printf 'group_name @machines\nhostlist %s\n' "$(printf 'node%s ' $(seq "$NODES"))" > "$CLUSTER/group"
    qconf -Ahgrp "$CLUSTER/group"
    # Every attribute must be named; most are not used.
    {
        printf 'qname all.q\nhostlist @machines\nqtype BATCH INTERACTIVE\npe_list mpi\nslots %s\n' "$CPUS"
        printf 'shell /bin/bash\nshell_start_mode unix_behavior\ntmpdir /tmp\nnotify 00:00:05\n'
        printf 'seq_no 0\npriority 0\nnsuspend 1\nprocessors UNDEFINED\ninitial_state default\n'
        printf 'rerun FALSE\nmin_cpu_interval 00:05:00\nsuspend_interval 00:05:00\n'
        printf '%s NONE\n' load_thresholds suspend_thresholds ckpt_list prolog epilog starter_method \
            suspend_method resume_method terminate_method owner_list user_lists xuser_lists \
            subordinate_list complex_values projects xprojects calendar
        printf '%s INFINITY\n' {s,h}_{rt,cpu,fsize,data,stack,core,rss,vmem}
    } > "$CLUSTER/queue"
    qconf -Aq "$CLUSTER/queue"
} >> "$CLUSTER/qconf.log" 2>&1
ready() { [ "$(qstat -f | awk '/all.q@/ && NF == 5' | wc -l)" = "$NODES" ]; }
until_true 60 ready
