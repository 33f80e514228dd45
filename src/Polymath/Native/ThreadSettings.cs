using System.Runtime.InteropServices;
using TorchSharp;

namespace Polymath.Native;

/// <summary>
/// How libtorch's threads share the machine. Its OpenMP threads spin at barriers by default, which is 10 to 35 % faster on a machine of
/// one's own and several times slower where other processes want the same cores; so waiting threads sleep unless told otherwise.
/// </summary>
public static class ThreadSettings
{
    /// <summary>
    /// Sets <c>OMP_WAIT_POLICY=passive</c> unless the user has set it. libgomp reads it once, while it is loaded, from the C environment,
    /// which <see cref="Environment.SetEnvironmentVariable(string, string)"/> does not reach.
    /// </summary>
    internal static void ApplyWaitPolicy()
    {
        if (!OperatingSystem.IsWindows()) _ = SetEnv("OMP_WAIT_POLICY", "passive", 0);
    }

    /// <summary>Asks waiting threads to spin (<paramref name="dedicated"/>) or sleep. Works only before the first use of torch in the process.</summary>
    public static void SetDedicated(bool dedicated)
    {
        if (!OperatingSystem.IsWindows()) _ = SetEnv("OMP_WAIT_POLICY", dedicated ? "active" : "passive", 1);
    }

    /// <summary>The number of threads one operation may use; the default is the number of cores.</summary>
    public static int Threads
    {
        get => torch.get_num_threads();
        set => torch.set_num_threads(Math.Max(1, value));
    }

    [DllImport("libc", EntryPoint = "setenv"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
