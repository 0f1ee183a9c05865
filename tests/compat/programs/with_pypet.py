# A parameter exploration with pypet, which runs its single runs by SCOOP.
import sys

from pypet import Environment, cartesian_product, pypetconstants


def multiply(traj):
    traj.f_add_result("z", traj.x * traj.y)


def main(freeze):
    env = Environment(
        trajectory="products",
        filename="products.hdf5",
        log_config=None,
        multiproc=True,
        freeze_input=freeze,
        use_scoop=True,
        wrap_mode=pypetconstants.WRAP_MODE_LOCAL,
        overwrite_file=True,
    )
    traj = env.trajectory
    traj.f_add_parameter("x", 1.0)
    traj.f_add_parameter("y", 1.0)
    traj.f_explore(cartesian_product({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0]}))
    env.run(multiply)
    # Frozen input is now set anew, and the old one is freed.
    traj.f_expand(cartesian_product({"x": [6.0], "y": [7.0, 8.0]}))
    env.run(multiply)
    traj.f_load(load_results=2)
    found = traj.f_get_all("z")
    print([traj.f_get(f"run_{index:08d}.z").z for index in range(len(found))])


if __name__ == "__main__":
    main(sys.argv[1] == "frozen")
