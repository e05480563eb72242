"""Everything that is kept or shared between processes: SQLAlchemy lives here and nowhere else."""
