"""Hosts on one machine, made of network namespaces and guest VMs, around one Sluice."""
