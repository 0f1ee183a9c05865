# shellcheck shell=bash
# Sourced by in_cluster: munge, slurmctld on the head, a slurmd on each machine.
private /etc/slurm /var/lib/slurm /var/log/slurm /run/munge /var/log/munge
mkdir -p /run/slurm
rm -rf /var/lib/slurm/slurmctld # what an earlier cluster knew
mkdir -p /var/lib/slurm/slurmctld
network

echo 'CgroupPlugin=cgroup/v1' > /etc/slurm/cgroup.conf # nothing uses them, but slurmd looks
cat > /etc/slurm/slurm.conf << END
ClusterName=test
SlurmctldHost=head(10.77.0.254)
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=cred_expire=5
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdPidFile=/run/slurm/slurmd.%n.pid
SlurmdLogFile=/var/log/slurm/slurmd.%n.log
SlurmdSpoolDir=/var/lib/slurm/slurmd.%n
StateSaveLocation=/var/lib/slurm/slurmctld
TmpFS=$CLUSTER/tmp.%n
KillWait=5
NodeName=node[1-$NODES] NodeAddr=10.77.0.[1-$NODES] CPUs=$CPUS RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
chown munge: /run/munge /var/log/munge
[ -s /etc/munge/munge.key ] || mungekey --create
setpriv --reuid munge --regid munge --init-groups munged
slurmctld
for i in $(seq "$NODES"); do
    mkdir "$CLUSTER/tmp.node$i" # where PMIx keeps what is the node's own
    on_node "$i" slurmd -D -N "node$i"
done
all_idle() { [ "$(sinfo --noheader --Node --format=%t | grep -c idle)" = "$NODES" ]; }
until_true 30 all_idle
