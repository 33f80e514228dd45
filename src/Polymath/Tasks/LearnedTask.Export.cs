using Polymath.Native;
using Polymath.Tasks.Exporting;

namespace Polymath.Tasks;

public sealed partial class LearnedTask
{
    /// <summary>
    /// Writes the task as a Hugging Face folder of its own: configuration, weights in the family's layout, tokenizer, the head, and a README
    /// that says how Python uses it. A task with the family's own head (kept in fine-tuning) becomes a plain sequence-classification model. A
    /// linear head on pooled vectors has no place in a family's layout: then the folder gives the vectors, and the head stands beside it as
    /// <c>head.safetensors</c> with <c>task.json</c>, which <see cref="TaskArtifact.Load"/> reads.
    /// </summary>
    /// <param name="folder">The folder to make.</param>
    /// <param name="disk">Where to write; the real disk by default.</param>
    /// <returns>What kind of folder it is.</returns>
    /// <exception cref="PolymathException">The folder exists already or cannot be written, or the task has no backbone or is no classification.</exception>
    public ExportedKind Export(string folder, Disk? disk = null) => TaskExport.Write(this, folder, disk ?? Disk.Default);
}
