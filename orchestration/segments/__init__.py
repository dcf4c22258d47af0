"""Saved segments (客户筛选): conditions over ``dim_customer_360``, parsed and never run as they stand."""
